"""Rules about records: looked at before they are used."""

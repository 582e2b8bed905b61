"""Plans: what runs would do, held until somebody lets it be done."""

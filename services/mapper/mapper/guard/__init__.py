"""The guard on losses: what may go through, what waits in the tray, and who decides."""

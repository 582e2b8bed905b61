"""Every service in one process, and the command line; nothing else."""

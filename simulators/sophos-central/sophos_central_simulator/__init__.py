"""A faithful Sophos Central to test and play against: sign-in, whoami, the directory of users, faults on demand."""

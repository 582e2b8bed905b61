"""What agents on other hosts are given to do, and what they deliver."""

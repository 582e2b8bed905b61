"""How often smart mapping is right, on shapes of real APIs."""

"""Web Push: what a user was not there to hear reaches their devices through the push service of each browser."""

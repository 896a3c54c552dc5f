"""Who is online, away or offline, over all their devices."""

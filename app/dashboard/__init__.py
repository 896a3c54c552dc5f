"""The pages for people: log in, and watch events arrive. The page itself is a client of the API like any other."""

"""Analytics: productivity, efficiency and quality of users, computed from their tasks. See docs/analytics.md."""

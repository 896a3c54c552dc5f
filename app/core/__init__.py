"""What every feature stands on: errors, time, ids, transactions, the HTTP contract."""

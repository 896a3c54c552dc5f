"""Sockets: who may connect, which rooms they may join, and the commands they may send."""

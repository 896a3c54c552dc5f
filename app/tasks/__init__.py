"""Tasks: who does what until when, who may see and change it, and how each change is told."""

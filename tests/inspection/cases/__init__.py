"""Messages and symptoms from public threads, to score `explain` with."""

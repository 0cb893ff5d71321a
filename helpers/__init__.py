"""The tools behind the notebooks. Each file is one room; read any of them in one go."""

"""What a maintainer runs and no notebook imports."""

"""Stands in for numpy, of which the doctor knows arrays. No array is made in a page."""


class ndarray: ...

"""What stands behind ``make``: prepares, serves, tests and checks the suite. Standard
library only.
"""

"""Many jobs: read, checked, done by several processes or machines, and resumed."""

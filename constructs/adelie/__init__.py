"""The Adelie construct library: network, compute, database, storage and CDN on AWS.

`adelie.seam` is the only package that imports cdktf and its AWS provider; everything else builds on it. A family's
`settings.py` is pure: an environment file is read without either.
"""

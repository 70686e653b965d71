"""The Adelie construct library: network, compute, database, storage and CDN on AWS.

`adelie.terraform` and `adelie.aws` are the only modules that import cdktf and its AWS provider; everything else builds
on those two.
"""

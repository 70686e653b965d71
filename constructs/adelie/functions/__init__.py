"""The code of Lambda functions: each package runs in Lambda as it is here, with boto3 and nothing else."""

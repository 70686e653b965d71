"""A test double of the Terraform provider `hashicorp/aws`, for emulated AWS only. Never a way to a real account.

The real Terraform core attaches to it (`TF_REATTACH_PROVIDERS`) and talks plugin protocol 6; it answers with the real
provider's schema (`schema.json`) and calls the emulator's AWS APIs through boto3. Read in this order: `table/*.yaml`
(which calls make, show and remove a resource type), `lifecycle.py` (how the calls are made), `shapes.py` (Terraform's
values to AWS's parameters and back), `provider.py` (what Terraform asks), `messages.py` (the protocol's messages).

What it promises and what it can't is in docs/local.md.
"""

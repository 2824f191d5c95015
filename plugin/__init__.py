"""The plugin for any Pulumi program: `pulumi package add` gives it the component `Networks` and the five resources.

provider.py answers Pulumi for one of the five, networks.py for the component; what the SDK's classes give and take is
brought to plain values in sdk.py. The flow of the five is in providers/run/resource.py, which knows nothing of it.
"""

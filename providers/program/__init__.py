"""The program that Pulumi runs: main.py declares what a stack file wants, by the resources of dynamic.py. The order in
declare.py is the plugin's, too."""

"""What writes deadlines, by the module of each act.

``fixing`` (a promise begins, moves and ends), ``delaying`` (what cannot be kept), ``watching`` (the clock),
``ruling`` (what operators keep).
"""

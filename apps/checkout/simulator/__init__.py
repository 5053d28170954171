"""The campaign simulator: past orders priced again with a draft, so that an operator sees what it will cost.

It stands at the counter because only the counter sees orders and offers at once; what it finds is kept in
``promotions.SimulationRun``.
"""

"""The campaign simulator: past orders priced again with a draft, so that an operator sees what it will cost.

It stands above the counter, from where orders and offers are seen at once; what it finds is kept in
``promotions.SimulationRun``.
"""

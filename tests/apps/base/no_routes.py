"""Routes that lead nowhere, for a request that has its own."""

urlpatterns: list[object] = []

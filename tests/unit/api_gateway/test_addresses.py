"""Which parameters a call has: those that its documentation names, and no others."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api_gateway.api.v1.addresses import query_names
from api_gateway.http import ROUTERS


def test_a_call_takes_just_the_parameters_that_its_documentation_names() -> None:
    """What is documented and refused, or taken and not documented, would be found out by whoever writes a client."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    paths = app.openapi()["paths"]
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema]
    for route in routes:
        for method in route.methods or ():
            documented = paths[route.path_format][method.lower()].get("parameters", [])
            assert {one["name"] for one in documented if one["in"] == "query"} == set(query_names(route.dependant)), route.path
    assert len(routes) > 100

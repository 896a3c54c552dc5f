"""The catalogue: one frozen, typed class for each event that clients hear and each command that they may send.

To add an event, write its class in the module of its channel; validation, Swagger, AsyncAPI, the TypeScript types, the
dashboard's filters and the tests of completeness follow from it.
"""

"""EHR lookup: synthetic patients in an embedded store of FHIR resources, and the tools that read it."""

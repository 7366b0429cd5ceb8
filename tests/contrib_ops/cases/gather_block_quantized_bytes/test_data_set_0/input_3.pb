
J
VW^ ~·2{tW
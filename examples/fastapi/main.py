"""
A handler as it is often written with FastAPI: one request at a time, validated by hand, on the
event loop. What became of it: server.mjs.

    uvicorn main:app --port 8000
"""

import math

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class House(BaseModel):
    area: float
    rooms: int


@app.post("/predict")
def predict(house: House):
    if house.area <= 0:
        raise HTTPException(status_code=422, detail="area must be above 0")
    return {"price": 1000 * house.area + 5000 * math.sqrt(house.rooms)}

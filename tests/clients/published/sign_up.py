from pydantic import BaseModel, EmailStr
import httpx
from datetime import datetime

class SignUpRequest(BaseModel):
    email: EmailStr
    password: str

class UserInfo(BaseModel):
    id: str
    primary_email: EmailStr

class SignUpResponse(BaseModel):
    user: UserInfo
    loggedInAt: datetime

async def sign_up(email: str, password: str) -> SignUpResponse:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            "https://neptun-webui.vercel.app/api/auth/sign-up",
            json={
                "email": email,
                "password": password
            }
        )
        response.raise_for_status()
        return SignUpResponse(**response.json())

import requests

url = "http://localhost:8000/api/sign-up/"
payload = {
    "username": "johndoe",
    "email": "john@example.com",
    "password": "SecurePass123!",
    "first_name": "John",
    "last_name": "Doe",
    "number_phone": "5551234567"
}

response = requests.post(url, json=payload)
data = response.json()

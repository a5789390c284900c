fetch('http://localhost:8000/api/sign-up/', {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    username: 'johndoe',
    email: 'john@example.com',
    password: 'SecurePass123!',
    first_name: 'John',
    last_name: 'Doe',
    number_phone: '5551234567'
  })
})
.then(response => response.json())
.then(data => console.log(data));

interface SignUpRequest {
  email: string
  password: string
}

interface SignUpResponse {
  user: {
    id: string
    primary_email: string
  }
  loggedInAt: string
}

async function signUp(email: string, password: string): Promise<SignUpResponse> {
  const response = await fetch(
    'https://neptun-webui.vercel.app/api/auth/sign-up',
    {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({
        email,
        password,
      }),
      credentials: 'include', // Important for cookie handling
    }
  )

  if (!response.ok) {
    throw new Error(`HTTP error! status: ${response.status}`)
  }

  return await response.json() as SignUpResponse
}

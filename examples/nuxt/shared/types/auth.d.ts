// What `useUserSession()` returns.
declare module "#auth-utils" {
  interface User {
    id: string;
    primary_email: string;
    email_verified: boolean;
  }

  interface UserSession {
    loggedInAt: string;
    expires_at: string;
  }
}

export {};

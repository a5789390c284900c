// What the client has to do; Go's cookie jar keeps the session.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"time"

	auth "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func check(holds bool, what string, err error) {
	if !holds {
		fmt.Println(what, err)
		os.Exit(1)
	}
}

func main() {
	jar, _ := cookiejar.New(nil)
	configuration := auth.NewConfiguration()
	configuration.Servers = auth.ServerConfigurations{{URL: os.Getenv("SERVICE_URL")}}
	configuration.HTTPClient = &http.Client{Jar: jar}
	client, here := auth.NewAPIClient(configuration), context.Background()
	email := fmt.Sprintf("%d@example.com", time.Now().UnixNano())

	signUp := *auth.NewSignUpRequest(email, "correct horse battery")
	signedUp, _, err := client.AccountAPI.SignUp(here).SignUpRequest(signUp).Execute()
	check(err == nil, "sign-up", err)
	session, _, err := client.SessionsAPI.GetSession(here).Execute()
	check(err == nil && session.User.Id == signedUp.User.Id, "session", err)
	wrong := *auth.NewLogInRequest(email, "not the password")
	_, _, err = client.AccountAPI.LogIn(here).LogInRequest(wrong).Execute()
	refused, ok := err.(*auth.GenericOpenAPIError)
	check(ok, "log-in", err)
	body, ok := refused.Model().(auth.ApiError)
	check(ok && body.Code == "invalid_credentials", "error", err)
}

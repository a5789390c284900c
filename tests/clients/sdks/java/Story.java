import java.net.CookieManager;
import java.net.http.HttpClient;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountApi;
import org.openapitools.client.api.SessionsApi;
import org.openapitools.client.model.LogInRequest;
import org.openapitools.client.model.SignUpRequest;

/** What the client has to do; Java's own cookie manager keeps the session. */
public class Story {
  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv("SERVICE_URL"));
    client.setHttpClientBuilder(HttpClient.newBuilder().cookieHandler(new CookieManager()));
    AccountApi account = new AccountApi(client);
    String email = UUID.randomUUID() + "@example.com";

    var signedUp = account.signUp(new SignUpRequest().email(email).password("correct horse battery"));
    check(new SessionsApi(client).getSession().getUser().getId().equals(signedUp.getUser().getId()));
    try {
      account.logIn(new LogInRequest().email(email).password("not the password"));
      check(false);
    } catch (ApiException error) {
      check(error.getCode() == 401 && error.getResponseBody().contains("invalid_credentials"));
    }
  }

  private static void check(boolean holds) {
    if (!holds) throw new AssertionError();
  }
}

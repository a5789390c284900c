import java.io.IOException;
import java.io.OutputStream;
import java.net.CookieHandler;
import java.net.CookieManager;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Java's two HTTP clients with Java's own cookie jar, which Android shares: a session from sign-up to log-out. Ends with
 * an error at the first answer that is not as expected.
 */
class Cookies {
    private interface Client {
        /** The status of the answer. */
        int send(String method, String path, String body) throws Exception;
    }

    private static String service;

    public static void main(String[] arguments) throws Exception {
        service = arguments[0];
        session("HttpClient", httpClient());
        CookieHandler.setDefault(new CookieManager());
        session("HttpURLConnection", Cookies::byConnection);
        System.out.println("2 clients passed");
    }

    private static void session(String name, Client client) throws Exception {
        String account = "{\"email\":\"" + UUID.randomUUID() + "@example.com\",\"password\":\"correct horse battery\"}";
        expect(name, 200, client.send("POST", "/api/auth/sign-up", account));
        expect(name, 200, client.send("GET", "/api/auth/session", null));
        expect(name, 200, client.send("POST", "/api/auth/login", account));
        expect(name, 200, client.send("GET", "/api/auth/session", null));
        expect(name, 204, client.send("GET", "/api/auth/check", null));
        expect(name, 200, client.send("POST", "/api/auth/logout", ""));
        expect(name, 401, client.send("GET", "/api/auth/session", null));
        expect(name, 200, client.send("POST", "/api/auth/login", account));
        expect(name, 200, client.send("GET", "/api/auth/session", null));
    }

    private static void expect(String client, int expected, int status) {
        if (status != expected) {
            throw new AssertionError(client + ": " + status + " instead of " + expected);
        }
    }

    private static Client httpClient() {
        HttpClient client = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();
        return (method, path, body) -> {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(service + path));
            request.header("Content-Type", "application/json");
            request.method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
            return client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
        };
    }

    private static int byConnection(String method, String path, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(service + path).toURL().openConnection();
        connection.setRequestMethod(method);
        connection.setRequestProperty("Content-Type", "application/json");
        if (body != null) {
            connection.setDoOutput(true);
            try (OutputStream stream = connection.getOutputStream()) {
                stream.write(body.getBytes(StandardCharsets.UTF_8));
            }
        }
        return connection.getResponseCode();
    }
}

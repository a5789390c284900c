<?php
// What the client has to do; Guzzle's cookie jar keeps the session.

require_once "/usr/share/php/GuzzleHttp/autoload.php";
spl_autoload_register(function (string $class): void {
    $file = "generated/lib/" . str_replace(["OpenAPI\\Client\\", "\\"], ["", "/"], $class) . ".php";
    if (is_file($file)) {
        require_once $file;
    }
});

use OpenAPI\Client\Api\AccountApi;
use OpenAPI\Client\Api\SessionsApi;
use OpenAPI\Client\ApiException;
use OpenAPI\Client\Configuration;
use OpenAPI\Client\Model\LogInRequest;
use OpenAPI\Client\Model\SignUpRequest;

function check(bool $holds, string $what): void
{
    if (!$holds) {
        fwrite(STDERR, "$what\n");
        exit(1);
    }
}

$http = new GuzzleHttp\Client(["cookies" => true]);
$configuration = (new Configuration())->setHost(getenv("SERVICE_URL"));
$account = new AccountApi($http, $configuration);
$email = bin2hex(random_bytes(8)) . "@example.com";

$signedUp = $account->signUp(new SignUpRequest(["email" => $email, "password" => "correct horse battery"]));
$session = (new SessionsApi($http, $configuration))->getSession();
check($session->getUser()->getId() === $signedUp->getUser()->getId(), "another account");
try {
    $account->logIn(new LogInRequest(["email" => $email, "password" => "not the password"]));
    check(false, "logged in");
} catch (ApiException $error) {
    check($error->getResponseObject()->getCode() === "invalid_credentials", "another error");
}

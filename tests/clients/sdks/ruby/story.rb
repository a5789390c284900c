# What the client has to do.

require "securerandom"
require "openapi_client"

OpenapiClient.configure { |config| config.host = ENV["SERVICE_URL"].delete_prefix("http://") }
client = OpenapiClient::ApiClient.default
client.config.scheme = "http"
account = OpenapiClient::AccountApi.new(client)
email = "#{SecureRandom.uuid}@example.com"
password = "correct horse battery"

signed_up, _, headers = account.sign_up_with_http_info(OpenapiClient::SignUpRequest.new(email:, password:))
cookies = Array(headers["Set-Cookie"])
client.config.api_key["neptun-session"] = cookies.find { |cookie| cookie.start_with?("neptun-session=") }.split(";").first
session = OpenapiClient::SessionsApi.new(client).get_session
raise "another account" unless session.user.id == signed_up.user.id

begin
  account.log_in(OpenapiClient::LogInRequest.new(email:, password: "not the password"))
  raise "logged in"
rescue OpenapiClient::ApiError => error
  raise "another error" unless error.code == 401 && error.response_body.include?("invalid_credentials")
end

<?php
// Hashes of PHP: Laravel's password_hash(), WordPress 6.8 and crypt(), one JSON object a line.
function show($name, $hash, $password) {
    echo json_encode(['name' => $name, 'made_by' => 'PHP ' . PHP_VERSION, 'hash' => $hash, 'password' => $password]), "\n";
}
foreach (['correct horse', "Pa\u{308}ssw\u{b2}rd \u{e9}"] as $password) {
    show('Laravel bcrypt', password_hash($password, PASSWORD_BCRYPT, ['cost' => 5]), $password);
    show('Laravel argon2id', password_hash($password, PASSWORD_ARGON2ID, ['memory_cost' => 1024, 'time_cost' => 2]), $password);
    $prehashed = base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true));
    show('WordPress 6.8', '$wp' . password_hash($prehashed, PASSWORD_BCRYPT, ['cost' => 5]), $password);
    show('crypt sha512', crypt($password, '$6$rounds=2000$somesalt$'), $password);
}

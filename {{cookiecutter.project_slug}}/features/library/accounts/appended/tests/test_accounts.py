

def test_a_second_factor_signs_in_to_the_website(client: Client, secret: str) -> None:
    assert 'name="code"' in client.get("/login/").content.decode()
    assert client.post("/login/", CREDENTIALS).status_code == 200
    assert client.post("/login/", CREDENTIALS | {"code": totp(secret)}).status_code == 302

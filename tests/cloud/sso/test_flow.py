"""What an attempt is made of."""

from cloud.sso.flow import Flow


def test_nothing_of_an_attempt_says_anything_about_another() -> None:
    mine, other, elsewhere = Flow("a", "s" * 43), Flow("a", "t" * 43), Flow("b", "s" * 43)
    words = [word for flow in (mine, other, elsewhere) for word in (flow.state, flow.nonce, flow.verifier)]
    assert len(set(words)) == 9
    assert all(len(word) == 43 for word in words)
    assert not mine.is_mine(elsewhere.state)
    assert "s" * 43 not in repr(mine)

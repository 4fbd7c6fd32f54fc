"""What somebody reads who has forgotten the password."""

from datetime import timedelta

from cloud.notifications.words import Message

_SUBJECT = {"vi": "Haidang: đặt lại mật khẩu", "en": "Haidang: choose another password"}
_BODY = {
    "vi": (
        "Xin chào {name},\n\ncó người yêu cầu đặt lại mật khẩu của tài khoản {username}. Nếu là bạn, hãy mở"
        " liên kết này trong vòng {minutes} phút; liên kết chỉ dùng được một lần:\n\n{link}\n\nNếu không phải"
        " bạn, không cần làm gì cả: mật khẩu vẫn như cũ. Nếu nhận thư này nhiều lần, hãy báo cho quản trị viên.\n"
    ),
    "en": (
        "Hello {name},\n\nsomebody has asked for another password for the account {username}. If it was you, open this"
        " link within {minutes} minutes; it works once:\n\n{link}\n\nIf it was not you, there is nothing to do: your"
        " password is as it was. If you get this again and again, tell an administrator.\n"
    ),
}


def reset_mail(language: str, name: str, username: str, link: str, lasts: timedelta) -> Message:
    """The mail, in one language."""
    spoken = "en" if language == "en" else "vi"
    minutes = int(lasts.total_seconds() // 60)
    return Message(_SUBJECT[spoken], _BODY[spoken].format(name=name, username=username, link=link, minutes=minutes))

"""What the API of users takes and answers."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed

from config.serializers import ModelSerializer
from users.models import User

ADA = {"id": 1, "username": "ada", "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}


@extend_schema_serializer(
    examples=[
        OpenApiExample("An account", ADA, response_only=True),
        OpenApiExample("Another address", {"email": "lovelace@example.com"}, request_only=True),
    ]
)
class UserSerializer(ModelSerializer):
    """What people may read and change of their own account."""

    class Meta:
        model = User
        fields = ("id", "username", "email", "first_name", "last_name")
        read_only_fields = (
            # % for feature in cookiecutter.__chosen.split()
            # % include "features/" ~ feature ~ "/serializers.py.read_only" ignore missing
            # % endfor
            "id",
            "username",
        )

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:
        """Write what was sent, and nothing else: a password that is changed at the same moment stays changed."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=validated_data)
        return instance


class PasswordField(serializers.CharField):
    """A password as typed, of any length, as Django's own forms take it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, write_only=True, style={"input_type": "password"}, **options)


@extend_schema_serializer(
    examples=[OpenApiExample("A login", {"username": "ada", "password": "correct horse battery"}, request_only=True)]
)
class LoginSerializer(serializers.Serializer):
    """A user name and a password that belong together; raises AuthenticationFailed (401) where they do not."""

    username = serializers.CharField(max_length=150, write_only=True)
    password = PasswordField()

    def validate(self, attrs: dict[str, str]) -> dict[str, User]:
        user = authenticate(self.context["request"], **attrs)
        if not isinstance(user, User):
            raise AuthenticationFailed("The user name and the password do not match an account.")
        return {"user": user}


class CurrentPasswordSerializer(serializers.Serializer):
    """The password, typed once more by whoever holds the token or the session."""

    current_password = PasswordField()

    def validate_current_password(self, value: str) -> str:
        request = self.context["request"]
        # Whoever is found by that name: it may be the e-mail address of somebody else.
        if authenticate(request, username=request.user.get_username(), password=value) != request.user:
            raise serializers.ValidationError("This is not the current password.", code="wrong_password")
        return value


class PasswordSerializer(CurrentPasswordSerializer):
    """A new password, by somebody who knows the old one."""

    new_password = PasswordField()

    def validate_new_password(self, value: str) -> str:
        validate_password(value, self.context["request"].user)
        return value

    def save(self, **fields: Any) -> User:
        user: User = self.context["request"].user
        user.set_password(self.validated_data["new_password"])
        user.save(update_fields=["password"])
        return user


@extend_schema_serializer(
    examples=[OpenApiExample("A token", {"token": "3f1c...", "expiry": "2026-12-08T09:30:00Z"}, response_only=True)]
)
class TokenSerializer(serializers.Serializer[dict[str, object]]):
    """A new token, which is shown this once, and when it ends."""

    token = serializers.CharField(read_only=True)
    expiry = serializers.DateTimeField(read_only=True)

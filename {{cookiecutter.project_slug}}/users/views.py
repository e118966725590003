"""The API of users: log in and out, read, change and delete one's own account."""

from django.contrib.auth import logout, update_session_auth_hash
from django.db import transaction
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from users.authentication import TokenAuthentication, new_token
from users.models import User
from users.serializers import (
    CurrentPasswordSerializer,
    LoginSerializer,
    PasswordSerializer,
    TokenSerializer,
    UserSerializer,
)


class LoginView(GenericAPIView):
    """Exchange a user name and a password for a token. Send it as `Authorization: Bearer <token>`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = LoginSerializer

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"  # without it, wrong credentials would be answered with 403

    @extend_schema(operation_id="login", responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        instance, token = new_token(serializer.validated_data["user"])
        return Response(TokenSerializer({"token": token, "expiry": instance.expiry}).data)


class LogoutView(APIView):
    """End the token that the request was made with."""

    authentication_classes = (TokenAuthentication,)

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(RetrieveUpdateAPIView):
    """Read or change one's own account."""

    http_method_names = ("get", "patch", "head", "options")
    serializer_class = UserSerializer

    def get_object(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - for the type checker: the permission ensures it
        return self.request.user


class PasswordView(GenericAPIView):
    """Change one's own password. It ends all other logins: every token but the one used, and every session."""

    serializer_class = PasswordSerializer

    @extend_schema(operation_id="change_password", responses={204: None})
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            user = serializer.save()
            if isinstance(request.auth, AuthToken):  # it has just ended, with all others
                request.auth.save(force_insert=True)
        if request.auth is None:
            update_session_auth_hash(request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeleteView(GenericAPIView):
    """Delete one's own account, with all that belongs to it. An account of staff is deleted by staff, in the admin."""

    serializer_class = CurrentPasswordSerializer

    @extend_schema(operation_id="delete_account", responses={204: None})
    def post(self, request: Request) -> Response:
        if request.user.is_staff:  # or nobody might be left who can enter the admin
            raise PermissionDenied("An account of staff is deleted in the admin.")
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        request.user.delete()
        if request.auth is None:
            logout(request)
        return Response(status=status.HTTP_204_NO_CONTENT)

"""Logging in and out with JSON Web Tokens."""

from django.urls import path
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from users.jwt.authentication import RefreshToken, pair
from users.models import User
from users.serializers import LoginSerializer

EXAMPLE = "eyJhbGciOiJIUzI1NiIs..."

# It describes simplejwt's class, of which the project's is a subclass.
SimpleJWTScheme.match_subclasses = True


@extend_schema_serializer(
    examples=[OpenApiExample("A pair of tokens", {"access": EXAMPLE, "refresh": EXAMPLE}, response_only=True)]
)
class PairSerializer(serializers.Serializer[dict[str, str]]):
    """A token that opens the API, and one to get the next pair with."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


@extend_schema_serializer(examples=[OpenApiExample("A refresh token", {"refresh": EXAMPLE}, request_only=True)])
class RefreshSerializer(serializers.Serializer):
    """A refresh token, which this ends; raises AuthenticationFailed (401) where it has ended already."""

    refresh = serializers.CharField(write_only=True)

    def validate(self, attrs: dict[str, str]) -> dict[str, User]:
        return {"user": RefreshToken.spend(attrs["refresh"])}


class TokenView(GenericAPIView):
    """The request's body identifies the user."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class: type[serializers.Serializer] = RefreshSerializer

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"  # without it, wrong credentials would be answered with 403

    def user(self, request: Request) -> User:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user: User = serializer.validated_data["user"]
        return user


class ObtainView(TokenView):
    """Exchange a user name and a password for a pair of tokens. Send `Authorization: Bearer <access>`."""

    serializer_class = LoginSerializer

    @extend_schema(operation_id="jwt_obtain", responses=PairSerializer)
    def post(self, request: Request) -> Response:
        return Response(pair(self.user(request)))


class RefreshView(TokenView):
    """Exchange a refresh token for a new pair of tokens. It is good for that once."""

    @extend_schema(operation_id="jwt_refresh", responses=PairSerializer)
    def post(self, request: Request) -> Response:
        return Response(pair(self.user(request)))


class LogoutView(TokenView):
    """End a refresh token. Its access token ends by itself, some minutes later."""

    @extend_schema(operation_id="jwt_logout", responses={204: None})
    def post(self, request: Request) -> Response:
        self.user(request)
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("obtain/", ObtainView.as_view(), name="jwt-obtain"),
    path("refresh/", RefreshView.as_view(), name="jwt-refresh"),
    path("logout/", LogoutView.as_view(), name="jwt-logout"),
]

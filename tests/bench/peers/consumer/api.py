# SPDX-License-Identifier: EUPL-1.2
"""A peer: Django REST framework, as municipal software receives notifications. Stores each once, before it answers."""
import hmac
import os
from types import SimpleNamespace

from django.db import IntegrityError
from django.urls import path
from rest_framework import authentication, exceptions, permissions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Notification, identity_of

EXPECTED = os.environ["BENCH_AUTHORIZATION"].encode()
SUBSCRIPTION = SimpleNamespace(is_authenticated=True)


class SubscriptionAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request):
        if not hmac.compare_digest(authentication.get_authorization_header(request), EXPECTED):
            raise exceptions.AuthenticationFailed()
        return SUBSCRIPTION, None

    def authenticate_header(self, request):
        return "Token"


class NotificationSerializer(serializers.Serializer):
    kanaal = serializers.CharField(max_length=50)
    hoofdObject = serializers.URLField(source="hoofd_object", max_length=1000)
    resource = serializers.CharField(max_length=100)
    resourceUrl = serializers.URLField(source="resource_url", max_length=1000)
    actie = serializers.CharField(max_length=100)
    aanmaakdatum = serializers.DateTimeField()
    kenmerken = serializers.DictField(child=serializers.CharField(max_length=1000), required=False)

    def create(self, validated):
        return Notification.objects.create(identity=identity_of(validated), **validated)


class NotificationView(APIView):
    authentication_classes = [SubscriptionAuthentication]
    permission_classes = [permissions.IsAuthenticated]

    def post(self, request):
        serializer = NotificationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            serializer.save()
        except IntegrityError:
            pass  # it is there already
        return Response(status=204)


urlpatterns = [path("notifications", NotificationView.as_view())]

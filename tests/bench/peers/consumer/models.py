# SPDX-License-Identifier: EUPL-1.2
"""A notification that was received. They have no id of their own: what tells them apart is a digest of their content."""
import hashlib
import json

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


def identity_of(content):
    return hashlib.sha256(json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True).encode()).digest()


class Notification(models.Model):
    identity = models.BinaryField(max_length=32)
    kanaal = models.CharField(max_length=50)
    hoofd_object = models.URLField(max_length=1000)
    resource = models.CharField(max_length=100)
    resource_url = models.URLField(max_length=1000)
    actie = models.CharField(max_length=100)
    aanmaakdatum = models.DateTimeField()
    kenmerken = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity"], name="once")]

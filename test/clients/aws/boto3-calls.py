"""Makes ECR Public calls with boto3 on request.

Reads one JSON object per line, {client, operation, input}, and answers each with one line:
{result} or {exception}, the latter with the name that the server gave and the class that boto3
made of it: ClientError for a name that its model lacks.
"""

import base64
import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError


def connect(client):
    return boto3.client(
        "ecr-public",
        region_name="us-east-1",
        endpoint_url=client["endpoint"],
        aws_access_key_id=client["accessKeyId"],
        aws_secret_access_key=client["secretAccessKey"],
        aws_session_token=client.get("sessionToken"),
        config=Config(
            parameter_validation=client["parameterValidation"],
            retries={"mode": "standard", "total_max_attempts": client["maxAttempts"]},
        ),
    )


def describe(error):
    response = dict(error.response)
    told, metadata = response.pop("Error"), response.pop("ResponseMetadata")
    response.pop("message", None)
    return {
        "name": told["Code"],
        "class": type(error).__name__,
        "message": told["Message"],
        "statusCode": metadata["HTTPStatusCode"],
        "requestId": metadata["RequestId"],
        "members": response,
    }


def call(request):
    members = request["input"]
    if "layerPartBlob" in members:
        members["layerPartBlob"] = base64.b64decode(members["layerPartBlob"])
    client = connect(request["client"])
    try:
        return {"result": getattr(client, xform_name(request["operation"]))(**members)}
    except ClientError as error:
        return {"exception": describe(error)}
    finally:
        client.close()


for line in sys.stdin.buffer:
    print(json.dumps(call(json.loads(line)), default=str), flush=True)

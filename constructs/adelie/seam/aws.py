"""The seam to the AWS provider bindings: `aws.Vpc`, `aws.EcsService` and the structs of their blocks.

A name used for the first time is added here, under its resource's module. Each line loads one module of the provider
(see `adelie.seam.startup`), never the whole of it.
"""
# pyright: reportUnusedImport=false

from adelie.seam import startup as _startup
from adelie.seam import terraform as _terraform  # first: it starts jsii with the provider made lazy

with _startup.bulk_import():
    from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
    from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
    from cdktf_cdktf_provider_aws.appautoscaling_policy import (
        AppautoscalingPolicy,
        AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
        AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
    )
    from cdktf_cdktf_provider_aws.appautoscaling_scheduled_action import (
        AppautoscalingScheduledAction,
        AppautoscalingScheduledActionScalableTargetAction,
    )
    from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
    from cdktf_cdktf_provider_aws.backup_plan import BackupPlan, BackupPlanRule, BackupPlanRuleLifecycle
    from cdktf_cdktf_provider_aws.backup_selection import BackupSelection
    from cdktf_cdktf_provider_aws.backup_vault import BackupVault
    from cdktf_cdktf_provider_aws.backup_vault_lock_configuration import BackupVaultLockConfiguration
    from cdktf_cdktf_provider_aws.budgets_budget import BudgetsBudget, BudgetsBudgetNotification
    from cdktf_cdktf_provider_aws.cloudfront_cache_policy import (
        CloudfrontCachePolicy,
        CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOrigin,
        CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfig,
        CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfig,
        CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfig,
    )
    from cdktf_cdktf_provider_aws.cloudfront_distribution import (
        CloudfrontDistribution,
        CloudfrontDistributionCustomErrorResponse,
        CloudfrontDistributionDefaultCacheBehavior,
        CloudfrontDistributionOrderedCacheBehavior,
        CloudfrontDistributionOrigin,
        CloudfrontDistributionOriginCustomOriginConfig,
        CloudfrontDistributionOriginVpcOriginConfig,
        CloudfrontDistributionRestrictions,
        CloudfrontDistributionRestrictionsGeoRestriction,
        CloudfrontDistributionViewerCertificate,
    )
    from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
    from cdktf_cdktf_provider_aws.cloudfront_response_headers_policy import (
        CloudfrontResponseHeadersPolicy,
        CloudfrontResponseHeadersPolicyCustomHeadersConfig,
        CloudfrontResponseHeadersPolicyCustomHeadersConfigItems,
        CloudfrontResponseHeadersPolicyRemoveHeadersConfig,
        CloudfrontResponseHeadersPolicyRemoveHeadersConfigItems,
        CloudfrontResponseHeadersPolicySecurityHeadersConfig,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicy,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigContentTypeOptions,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigFrameOptions,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigReferrerPolicy,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity,
    )
    from cdktf_cdktf_provider_aws.cloudfront_vpc_origin import (
        CloudfrontVpcOrigin,
        CloudfrontVpcOriginTimeouts,
        CloudfrontVpcOriginVpcOriginEndpointConfig,
        CloudfrontVpcOriginVpcOriginEndpointConfigOriginSslProtocols,
    )
    from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
    from cdktf_cdktf_provider_aws.cloudwatch_log_delivery import CloudwatchLogDelivery
    from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_destination import (
        CloudwatchLogDeliveryDestination,
        CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration,
    )
    from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_source import CloudwatchLogDeliverySource
    from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
    from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import (
        CloudwatchMetricAlarm,
        CloudwatchMetricAlarmMetricQuery,
        CloudwatchMetricAlarmMetricQueryMetric,
    )
    from cdktf_cdktf_provider_aws.data_aws_ec2_managed_prefix_list import DataAwsEc2ManagedPrefixList
    from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
    from cdktf_cdktf_provider_aws.db_instance import DbInstance
    from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
    from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
    from cdktf_cdktf_provider_aws.default_network_acl import DefaultNetworkAcl
    from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
    from cdktf_cdktf_provider_aws.ecr_lifecycle_policy import EcrLifecyclePolicy
    from cdktf_cdktf_provider_aws.ecr_repository import (
        EcrRepository,
        EcrRepositoryEncryptionConfiguration,
        EcrRepositoryImageScanningConfiguration,
    )
    from cdktf_cdktf_provider_aws.ecs_cluster import (
        EcsCluster,
        EcsClusterConfiguration,
        EcsClusterConfigurationExecuteCommandConfiguration,
        EcsClusterConfigurationExecuteCommandConfigurationLogConfiguration,
        EcsClusterSetting,
    )
    from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import (
        EcsClusterCapacityProviders,
        EcsClusterCapacityProvidersDefaultCapacityProviderStrategy,
    )
    from cdktf_cdktf_provider_aws.ecs_service import (
        EcsService,
        EcsServiceCapacityProviderStrategy,
        EcsServiceDeploymentCircuitBreaker,
        EcsServiceLoadBalancer,
        EcsServiceNetworkConfiguration,
    )
    from cdktf_cdktf_provider_aws.ecs_task_definition import (
        EcsTaskDefinition,
        EcsTaskDefinitionEphemeralStorage,
        EcsTaskDefinitionRuntimePlatform,
        EcsTaskDefinitionVolume,
    )
    from cdktf_cdktf_provider_aws.eip import Eip
    from cdktf_cdktf_provider_aws.elasticache_parameter_group import (
        ElasticacheParameterGroup,
        ElasticacheParameterGroupParameter,
    )
    from cdktf_cdktf_provider_aws.elasticache_replication_group import (
        ElasticacheReplicationGroup,
        ElasticacheReplicationGroupLogDeliveryConfiguration,
    )
    from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
    from cdktf_cdktf_provider_aws.elasticache_user import ElasticacheUser, ElasticacheUserAuthenticationMode
    from cdktf_cdktf_provider_aws.elasticache_user_group import ElasticacheUserGroup
    from cdktf_cdktf_provider_aws.flow_log import FlowLog
    from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
    from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
    from cdktf_cdktf_provider_aws.iam_role import IamRole
    from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
    from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
    from cdktf_cdktf_provider_aws.instance import Instance, InstanceMetadataOptions, InstanceRootBlockDevice
    from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
    from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
    from cdktf_cdktf_provider_aws.kms_key import KmsKey
    from cdktf_cdktf_provider_aws.lambda_function import (
        LambdaFunction,
        LambdaFunctionDeadLetterConfig,
        LambdaFunctionEnvironment,
        LambdaFunctionLoggingConfig,
        LambdaFunctionTracingConfig,
        LambdaFunctionVpcConfig,
    )
    from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
    from cdktf_cdktf_provider_aws.launch_template import LaunchTemplate
    from cdktf_cdktf_provider_aws.lb import Lb, LbAccessLogs, LbConnectionLogs
    from cdktf_cdktf_provider_aws.lb_listener import (
        LbListener,
        LbListenerDefaultAction,
        LbListenerDefaultActionFixedResponse,
        LbListenerDefaultActionRedirect,
    )
    from cdktf_cdktf_provider_aws.lb_listener_rule import (
        LbListenerRule,
        LbListenerRuleAction,
        LbListenerRuleCondition,
        LbListenerRuleConditionPathPattern,
    )
    from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
    from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
    from cdktf_cdktf_provider_aws.provider import (
        AwsProvider,
        AwsProviderAssumeRole,
        AwsProviderDefaultTags,
        AwsProviderEndpoints,
    )
    from cdktf_cdktf_provider_aws.route import Route
    from cdktf_cdktf_provider_aws.route53_record import (
        Route53Record,
        Route53RecordAlias,
    )
    from cdktf_cdktf_provider_aws.route_table import RouteTable
    from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
    from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
    from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
        S3BucketLifecycleConfiguration,
        S3BucketLifecycleConfigurationRule,
        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
        S3BucketLifecycleConfigurationRuleExpiration,
        S3BucketLifecycleConfigurationRuleFilter,
        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
        S3BucketLifecycleConfigurationRuleTransition,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
    from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
        S3BucketOwnershipControls,
        S3BucketOwnershipControlsRule,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
    from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
    from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
        S3BucketServerSideEncryptionConfigurationA,
        S3BucketServerSideEncryptionConfigurationRuleA,
        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
        S3BucketVersioningA,
        S3BucketVersioningVersioningConfiguration,
    )
    from cdktf_cdktf_provider_aws.scheduler_schedule import (
        SchedulerSchedule,
        SchedulerScheduleFlexibleTimeWindow,
        SchedulerScheduleTarget,
        SchedulerScheduleTargetDeadLetterConfig,
        SchedulerScheduleTargetRetryPolicy,
    )
    from cdktf_cdktf_provider_aws.scheduler_schedule_group import SchedulerScheduleGroup
    from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
    from cdktf_cdktf_provider_aws.secretsmanager_secret_rotation import (
        SecretsmanagerSecretRotation,
        SecretsmanagerSecretRotationRotationRules,
    )
    from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
    from cdktf_cdktf_provider_aws.security_group import SecurityGroup
    from cdktf_cdktf_provider_aws.sfn_state_machine import (
        SfnStateMachine,
        SfnStateMachineLoggingConfiguration,
        SfnStateMachineTracingConfiguration,
    )
    from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
    from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
    from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
    from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
    from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
    from cdktf_cdktf_provider_aws.subnet import Subnet
    from cdktf_cdktf_provider_aws.vpc import Vpc
    from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
    from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
    from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
    from cdktf_cdktf_provider_aws.wafv2_web_acl import (
        Wafv2WebAcl,
        Wafv2WebAclDefaultAction,
        Wafv2WebAclDefaultActionAllow,
        Wafv2WebAclRule,
        Wafv2WebAclRuleAction,
        Wafv2WebAclRuleActionBlock,
        Wafv2WebAclRuleOverrideAction,
        Wafv2WebAclRuleOverrideActionCount,
        Wafv2WebAclRuleOverrideActionNone,
        Wafv2WebAclRuleVisibilityConfig,
        Wafv2WebAclVisibilityConfig,
    )
    from cdktf_cdktf_provider_aws.wafv2_web_acl_logging_configuration import (
        Wafv2WebAclLoggingConfiguration,
        Wafv2WebAclLoggingConfigurationLoggingFilter,
        Wafv2WebAclLoggingConfigurationLoggingFilterFilter,
        Wafv2WebAclLoggingConfigurationLoggingFilterFilterCondition,
        Wafv2WebAclLoggingConfigurationLoggingFilterFilterConditionActionCondition,
        Wafv2WebAclLoggingConfigurationRedactedFields,
        Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader,
    )
